import { createServer } from "node:http";

/** Answers who it is; with an argument, what the service at that URL answers. */
const [next] = process.argv.slice(2);
createServer(async (request, response) => {
  try {
    const answer = next === undefined ? undefined : await fetch(next);
    const text = answer === undefined ? `${process.env.MESHDEV_WORKLOAD} answers\n` : await answer.text();
    response.writeHead(answer?.status ?? 200).end(text);
  } catch (error) {
    response.writeHead(502).end(`${error.message}\n`);
  }
}).listen(8080);
