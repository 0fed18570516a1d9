/**
 * Base64url as Envoy reads it: blanks may stand anywhere, the padding is there as a whole or not at all, and spare bits of the last
 * character are not looked at. Undefined: not base64url.
 */
export function decodeBase64Url(text: string): Buffer | undefined {
  let digits = 0;
  let padding = 0;
  for (let i = 0; i < text.length; i += 1) {
    const code = text.charCodeAt(i);
    if (code === equals) padding += 1;
    else if (isDigit(code) && padding === 0) digits += 1;
    else if (!isBlank(code)) return undefined;
  }
  const rest = digits % 4;
  if (rest === 1 || (padding > 0 && padding !== (4 - rest) % 4)) return undefined;
  return Buffer.from(text, "base64url");
}

const equals = 0x3d;

function isDigit(code: number): boolean {
  const lower = code | 0x20;
  return (
    (lower >= 0x61 && lower <= 0x7a && code >= 0x41) || (code >= 0x30 && code <= 0x39) || code === 0x2d || code === 0x5f
  );
}

function isBlank(code: number): boolean {
  return code === 0x20 || (code >= 0x09 && code <= 0x0d);
}
