import { get, serve } from "./http.mjs";

const { DETAILS = "http://details:9080", REVIEWS = "http://reviews:9080" } = process.env;

serve(async (path, headers) => {
  const id = /^\/products\/(\d+)$/.exec(path)?.[1] ?? (path === "/" ? "0" : undefined);
  if (id === undefined) return { status: 404, error: `there is no ${path}` };
  const [details, reviews] = await Promise.all([
    get(`${DETAILS}/details/${id}`, headers),
    get(`${REVIEWS}/reviews/${id}`, headers),
  ]);
  return { details, reviews };
});
