import { MeshError } from "../../runtime/core/error.ts";
import type { Context } from "../context.ts";
import { chooseProject, type ProjectOptions } from "../discovery.ts";
import { openDoor } from "../door.ts";
import { exitCodes } from "../exit-code.ts";
import { chosenOutput, createPrinter, type OutputOptions } from "../print/printer.ts";
import { sanitize } from "../print/sanitize.ts";
import { seg } from "../print/segment.ts";

export interface TokenOptions extends ProjectOptions, OutputOptions {
  readonly iss?: string;
  readonly sub?: string;
  readonly aud?: readonly string[];
  readonly claim?: readonly string[];
  /** Milliseconds from now, negative for one that has run out; "never". */
  readonly expires?: number | "never";
  /** Milliseconds from now. */
  readonly notBefore?: number;
  readonly badSig?: boolean;
}

const usualLifeMs = 3_600_000;

/** Prints a token of the issuer for development, and nothing else on stdout: `curl -H "authorization: Bearer $(meshdev token)"`. */
export async function token(options: TokenOptions, context: Context): Promise<number> {
  const { directory, chosen } = chooseProject(context.cwd, options);
  const door = await openDoor();
  const minted = await door.mintToken(directory, {
    chosen,
    issuer: options.iss,
    subject: options.sub ?? "dev",
    audiences: options.aud ?? [],
    claims: parseClaims(options.claim ?? []),
    expiresMs: options.expires === "never" ? undefined : (options.expires ?? usualLifeMs),
    notBeforeMs: options.notBefore,
    badSignature: options.badSig === true,
  });
  const printer = createPrinter(context, options.color);
  if (chosenOutput(options) === "json") printer.json({ schemaVersion: 1, ...minted });
  else context.out(`${minted.token}\n`);
  if (!minted.trusted) {
    printer.note([
      [
        seg(
          `no RequestAuthentication here takes tokens of ${sanitize(minted.issuer)}; one that does has jwksUri: ${minted.keysUrl}`,
          "warn",
        ),
      ],
    ]);
  }
  return exitCodes.ok;
}

/** `role=admin`, `level=5`, `org={"team":"core"}`: what is JSON is taken as JSON, all else is text. A name that comes twice is a list. */
export function parseClaims(texts: readonly string[]): Readonly<Record<string, unknown>> {
  const claims = new Map<string, unknown[]>();
  for (const text of texts) {
    const at = text.indexOf("=");
    if (at <= 0) throw new MeshError("MD8001", `--claim needs \`name=value\`, not ${text}`);
    const name = text.slice(0, at);
    claims.set(name, [...(claims.get(name) ?? []), valueOf(text.slice(at + 1))]);
  }
  return Object.fromEntries([...claims].map(([name, values]) => [name, values.length === 1 ? values[0] : values]));
}

function valueOf(text: string): unknown {
  try {
    const value: unknown = JSON.parse(text);
    return value;
  } catch {
    return text;
  }
}
