import { get, serve } from "./http.mjs";

const { RATINGS = "http://ratings:9080", STARS = "none", POD_NAME = "reviews" } = process.env;

serve(async (path, headers) => {
  const id = /^\/reviews\/(\d+)$/.exec(path)?.[1];
  if (id === undefined) return { status: 404, error: `there is no ${path}` };
  const ratings = STARS === "none" ? undefined : await get(`${RATINGS}/ratings/${id}`, headers);
  return { id, pod: POD_NAME, stars: STARS, reviews: ["An extremely entertaining play.", "Absolutely fun."], ratings };
});
