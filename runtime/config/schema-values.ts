/** Shapes of values that many keys share. */
export const text = { type: ["string", "number", "boolean"] };
export const texts = { type: "object", additionalProperties: { type: ["string", "number", "boolean", "null"] } };
export const dnsLabel = { type: "string", pattern: "^[a-z0-9]([-a-z0-9]*[a-z0-9])?$", maxLength: 63 };
export const variable = { type: "string", pattern: "\\$\\{" };
export const portNumber = { anyOf: [{ type: "integer", minimum: 1, maximum: 65535 }, variable] };
export const portShort = {
  anyOf: [...portNumber.anyOf, { type: "string", pattern: "^[0-9]{1,5}(/[A-Za-z][-A-Za-z0-9.]*)?$" }],
};
