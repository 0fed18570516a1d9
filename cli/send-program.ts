import { type IncomingMessage, request } from "node:http";
import { text } from "node:stream/consumers";

/** What `meshdev send` has this program send, as JSON on stdin. It runs in the name of a service, as any program of it would. */
export interface SendOrder {
  readonly host: string;
  readonly port: number;
  readonly method: string;
  readonly path: string;
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly body: string | null;
}

/** What came back, as JSON on stdout. */
export type SendAnswer =
  | {
      readonly status: number;
      readonly headers: Readonly<Record<string, string | readonly string[]>>;
      readonly body: string;
      readonly ms: number;
    }
  | { readonly error: string };

const { host, port, method, path, headers, body } = JSON.parse(await text(process.stdin)) as SendOrder;
const begun = performance.now();

function tell(answer: SendAnswer): void {
  process.stdout.write(JSON.stringify(answer));
}

const named = new Set(headers.map(([name]) => name.toLowerCase()));
const own: readonly (readonly [string, string])[] = [
  ["host", port === 80 ? host : `${host}:${port}`],
  ...(body === null ? [] : [["content-length", String(Buffer.byteLength(body))] as const]),
  ["connection", "close"],
];
const all = [...own.filter(([name]) => !named.has(name)), ...headers];

async function read(response: IncomingMessage): Promise<SendAnswer> {
  try {
    const received = await text(response);
    const ms = Math.round((performance.now() - begun) * 10) / 10;
    const answered = Object.entries(response.headers).flatMap(([name, value]) =>
      value === undefined ? [] : [[name, value] as const],
    );
    return { status: response.statusCode ?? 0, headers: Object.fromEntries(answered), body: received, ms };
  } catch (error) {
    return { error: `the answer broke off: ${String(error)}` };
  }
}

const outgoing = request({ host, port, method, path, setHost: false, headers: all.flat() }, (response) => {
  void read(response).then(tell);
});
outgoing.on("error", (error) => {
  tell({ error: error.message });
});
outgoing.end(body ?? undefined);
