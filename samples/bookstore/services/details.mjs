import { serve } from "./http.mjs";

const { SHOP_NAME = "a bookstore", SHOP_CURRENCY = "EUR", LICENCE = "none" } = process.env;

serve((path) => {
  const id = /^\/details\/(\d+)$/.exec(path)?.[1];
  if (id === undefined) return { status: 404, error: `there is no ${path}` };
  return {
    id,
    title: "The Comedy of Errors",
    price: `9.80 ${SHOP_CURRENCY}`,
    shop: SHOP_NAME,
    licensed: LICENCE !== "none",
  };
});
