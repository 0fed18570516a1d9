/** Why a token is refused, in Envoy's words: body of the answer and part of its details (spec RA-19). */
export const fault = {
  missing: "Jwt is missing",
  form: "Jwt is not in the form of Header.Payload.Signature with two dots and 3 sections",
  headerBase64: "Jwt header is an invalid Base64url encoded",
  headerJson: "Jwt header is an invalid JSON",
  algorithm: "Jwt header [alg] field is required and must be a string",
  unknownAlgorithm: "Jwt header [alg] is not supported",
  keyId: "Jwt header [kid] field is not a string",
  payloadBase64: "Jwt payload is an invalid Base64url encoded",
  payloadJson: "Jwt payload is an invalid JSON",
  audienceType: "Jwt payload [aud] field is not a string or string list",
  signatureBase64: "Jwt signature is an invalid Base64url encoded",
  notYetValid: "Jwt not yet valid",
  expired: "Jwt is expired",
  issuer: "Jwt issuer is not configured",
  audience: "Audiences in Jwt are not allowed",
  signature: "Jwt verification fails",
  noKey: "Jwks doesn't have key to match kid or alg from Jwt",
  noValidKey: "Jwks doesn't have any valid public key",
  remoteFetch: "Jwks remote fetch is failed",
  ed25519Length: "Jwt ED25519 signature is wrong length",
} as const;

export function notString(claim: string): string {
  return `Jwt payload [${claim}] field is not a string`;
}

export function notInteger(claim: string): string {
  return `Jwt payload [${claim}] field is not an integer`;
}

export function outOfRange(claim: string): string {
  return `Jwt payload [${claim}] field is not a positive 64 bit integer`;
}

/** Only a wrong audience is 403 (spec RA-16). */
export function statusOf(text: string): 401 | 403 {
  return text === fault.audience ? 403 : 401;
}

/** Response code details (spec RA-18). */
export function detailsOf(text: string): string {
  return `jwt_authn_access_denied{${text.replaceAll(/\s/g, "_")}}`;
}
