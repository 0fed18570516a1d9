import { describe, expect, it } from "vitest";
import { parseJwt } from "../../../../runtime/policy/jwt/parse.ts";

const part = (text: string): string => Buffer.from(text).toString("base64url");
const header = part('{"alg":"RS256"}');
const token = (payload: string, head = header): string => `${head}.${part(payload)}.AAAA`;

describe("parseJwt", () => {
  it.each([
    ["two parts", "a.b", "Jwt is not in the form of Header.Payload.Signature with two dots and 3 sections"],
    ["empty signature", "a.b.", "Jwt is not in the form of Header.Payload.Signature with two dots and 3 sections"],
    ["four parts", "a.b.c.d", "Jwt is not in the form of Header.Payload.Signature with two dots and 3 sections"],
    ["header", "!.b.c", "Jwt header is an invalid Base64url encoded"],
    ["header JSON", `${part("x")}.b.c`, "Jwt header is an invalid JSON"],
    ["no alg", token("{}", part("{}")), "Jwt header [alg] field is required and must be a string"],
    ["alg", token("{}", part('{"alg":5}')), "Jwt header [alg] field is required and must be a string"],
    ["none", token("{}", part('{"alg":"none"}')), "Jwt header [alg] is not supported"],
    ["lower case", token("{}", part('{"alg":"rs256"}')), "Jwt header [alg] is not supported"],
    ["kid", token("{}", part('{"alg":"RS256","kid":null}')), "Jwt header [kid] field is not a string"],
    ["payload", `${header}.!.c`, "Jwt payload is an invalid Base64url encoded"],
    ["payload JSON", token("[1]"), "Jwt payload is an invalid JSON"],
    ["iss", token('{"iss":1}'), "Jwt payload [iss] field is not a string"],
    ["sub", token('{"sub":null}'), "Jwt payload [sub] field is not a string"],
    ["iat", token('{"iat":"1"}'), "Jwt payload [iat] field is not an integer"],
    ["nbf", token('{"nbf":-1}'), "Jwt payload [nbf] field is not a positive 64 bit integer"],
    ["exp", token('{"exp":1e30}'), "Jwt payload [exp] field is not a positive 64 bit integer"],
    ["exp null", token('{"exp":null}'), "Jwt payload [exp] field is not an integer"],
    ["jti", token('{"jti":[]}'), "Jwt payload [jti] field is not a string"],
    ["aud", token('{"aud":{}}'), "Jwt payload [aud] field is not a string or string list"],
    ["aud mixed", token('{"aud":["a",1]}'), "Jwt payload [aud] field is not a string or string list"],
    ["signature", `${header}.${part("{}")}.!`, "Jwt signature is an invalid Base64url encoded"],
    ["the first fault counts", token('{"aud":1,"iss":1}'), "Jwt payload [iss] field is not a string"],
  ])("%s", (_name, text, expected) => {
    expect(parseJwt(text)).toBe(expected);
  });

  it("reads times as whole seconds", () => {
    expect(parseJwt(token('{"exp":1.9,"nbf":-0.0,"aud":"x"}'))).toMatchObject({
      claims: { issuer: "", subject: "", audiences: ["x"], expires: 1 },
    });
  });
});
