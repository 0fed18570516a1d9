import { createServer } from "node:http";

/** What a service answers, or why it does not. */
async function ask(name, path) {
  try {
    const answer = await fetch(`http://${name}:8080${path}`, { signal: AbortSignal.timeout(5000) });
    return answer.ok ? (await answer.text()).trim() : `refused with ${answer.status}`;
  } catch (error) {
    return `does not answer: ${error.cause?.code ?? error.name}`;
  }
}

createServer(async (request, response) => {
  const paths = { notes: "/hello.txt", catalog: "/items", stock: "/stock/tea", price: "/price/tea" };
  const lines = Object.entries(paths).map(async ([name, path]) => `${name}: ${await ask(name, path)}\n`);
  response.end((await Promise.all(lines)).join(""));
}).listen(8080, "0.0.0.0", () => console.log("web listens on 0.0.0.0:8080"));
