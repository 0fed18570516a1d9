import { serve } from "./http.mjs";

serve((path, _headers, method) => {
  const id = /^\/ratings\/(\d+)$/.exec(path)?.[1];
  if (id === undefined) return { status: 404, error: `there is no ${path}` };
  return method === "GET" ? { id, ratings: [5, 4] } : { status: 405, error: "ratings are only read" };
});
