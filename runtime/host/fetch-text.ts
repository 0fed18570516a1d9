import { lookup as resolveName } from "node:dns";
import { request as requestHttp } from "node:http";
import { request as requestHttps } from "node:https";
import { isIP, type LookupFunction, type Socket } from "node:net";
import { connect as connectTls } from "node:tls";
import type { HookConfig } from "./hook-config.ts";

/** Answers may be this large, and may redirect this often. */
const mostBytes = 1024 * 1024;
const mostRedirects = 5;

/**
 * The body behind an http or https URL, as text. Names of the mesh lead to its sidecars, as for a caller without one; addresses of
 * cloud metadata services are refused (spec RA-25). `reach` connects to sidecars where they are in a network of their own. Rejects with an error that says why there is none.
 */
export function createTextFetcher(
  mesh: () => HookConfig | undefined = () => undefined,
  reach?: (host: string, port: number, timeoutMs: number) => Promise<Socket>,
): (url: string, timeoutMs: number) => Promise<string> {
  return async (url, timeoutMs) => {
    let next = url;
    for (let redirects = 0; redirects <= mostRedirects; redirects += 1) {
      const answer = await fetchOnce(next, timeoutMs, mesh(), reach);
      if (answer.location === undefined) return answer.body;
      next = new URL(answer.location, next).href;
    }
    throw new Error(`more than ${mostRedirects} redirects`);
  };
}

interface Answer {
  readonly body: string;
  readonly location: string | undefined;
}

async function fetchOnce(
  url: string,
  timeoutMs: number,
  mesh: HookConfig | undefined,
  reach: Parameters<typeof createTextFetcher>[1],
): Promise<Answer> {
  const { protocol, hostname, port, host, pathname, search } = new URL(url);
  if (protocol !== "http:" && protocol !== "https:") throw new Error(`${protocol} is neither http nor https`);
  const bare = hostname.replace(/^\[|\]$/g, "");
  const asked = Number(port) || (protocol === "https:" ? 443 : 80);
  const inside = mesh === undefined ? undefined : meshAddress(mesh, bare, asked);
  if (inside === "nobody") throw new Error(`nobody serves ${host} now`);
  if (isIP(bare) !== 0 && isLinkLocal(bare)) throw new Error(`${bare} is a link-local address`);
  const isSecure = protocol === "https:";
  const socket =
    inside === undefined || reach === undefined ? undefined : await reach(inside.host, inside.port, timeoutMs);
  const connection = isSecure && socket !== undefined ? connectTls({ socket, servername: bare }) : socket;
  return new Promise((resolve, reject) => {
    const request = (isSecure ? requestHttps : requestHttp)({
      host: inside?.host ?? bare,
      port: inside?.port ?? asked,
      path: `${pathname}${search}`,
      headers: { host, accept: "application/json" },
      servername: isIP(bare) === 0 ? bare : undefined,
      agent: false,
      lookup: publicLookup,
      ...(connection === undefined ? {} : { createConnection: () => connection }),
      signal: AbortSignal.timeout(timeoutMs),
    });
    request.on("error", (error) => {
      reject(
        new Error(
          error.name === "TimeoutError" || error.name === "AbortError" ? `no answer in ${timeoutMs} ms` : error.message,
        ),
      );
    });
    request.on("response", (response) => {
      const { statusCode = 0 } = response;
      const { location } = response.headers;
      const parts: Buffer[] = [];
      let size = 0;
      response.on("data", (part: Buffer) => {
        size += part.length;
        if (size > mostBytes) request.destroy(new Error(`the answer is larger than ${mostBytes} bytes`));
        else parts.push(part);
      });
      response.on("error", reject);
      response.on("end", () => {
        const body = Buffer.concat(parts).toString("utf8");
        if (statusCode >= 300 && statusCode < 400 && location !== undefined) resolve({ body, location });
        else if (statusCode >= 200 && statusCode < 300) resolve({ body, location: undefined });
        else reject(new Error(`it answers ${statusCode}`));
      });
    });
    request.end();
  });
}

/** Where a name or address of the mesh really is; undefined: it is none of the mesh. */
function meshAddress(
  mesh: HookConfig,
  host: string,
  port: number,
): { readonly host: string; readonly port: number } | "nobody" | undefined {
  const name = host.toLowerCase().replace(/\.$/, "");
  const candidates = [...mesh.search.map((suffix) => `${name}.${suffix}`), name];
  const found = candidates.find((candidate) => Object.hasOwn(mesh.names, candidate));
  const addresses = found === undefined ? undefined : mesh.names[found];
  const [address] = addresses ?? (mesh.virtual.some((start) => host.startsWith(start)) ? [host] : []);
  if (address === undefined) return addresses === undefined ? undefined : "nobody";
  return mesh.endpoints[`${address}:${port}`]?.[0] ?? "nobody";
}

const publicLookup: LookupFunction = (hostname, options, callback) => {
  resolveName(hostname, options, (error, address, family) => {
    const all = typeof address === "string" ? [address] : (address ?? []).map((each) => each.address);
    const bad = all.find(isLinkLocal);
    if (error === null && bad !== undefined) callback(new Error(`${hostname} is the link-local address ${bad}`), "", 4);
    else callback(error, address, family);
  });
};

function isLinkLocal(address: string): boolean {
  return address.startsWith("169.254.") || /^fe[89ab]/i.test(address) || address.toLowerCase() === "fd00:ec2::254";
}
