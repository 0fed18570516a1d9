import {
  type Attempt,
  http1,
  type Marks,
  markHeaders,
  markTarget,
  requestBytes,
  type Shot,
  type Wire,
} from "./attempt.ts";

/** The denied request over other protocols, and inside of connections that became something else. */
export function protocolAttempts(shot: Shot): readonly Attempt[] {
  const [host = ""] = shot.authority.split(":");
  const attempt = (name: string, shown: string, write: (marks: Marks) => Wire): Attempt => ({
    technique: "protocol",
    name,
    shown,
    write,
    method: shot.method,
    carriers: [],
  });
  const h2 = (
    name: string,
    path: string,
    more: readonly (readonly [string, string])[] = [],
    authority = shot.authority,
  ): Attempt =>
    attempt(name, `${shot.method} ${path} over HTTP/2`, ({ marker }) => ({
      kind: "http2",
      method: shot.method,
      target: markTarget(path, marker),
      authority,
      headers: [...markHeaders(marker), ...more],
    }));
  /** The denied request is sent behind the answer to an upgrade, where a proxy may have become a tunnel. */
  const upgraded = (name: string, headers: readonly (readonly [string, string])[]): Attempt =>
    attempt(name, `${shot.method} ${shot.path} behind an upgrade of ${shot.open}`, ({ marker, outer }) => ({
      kind: "bytes",
      bytes: requestBytes(shot, outer, { method: "GET", target: shot.open, headers, keepAlive: true }),
      afterwards: requestBytes(shot, marker),
    }));
  const tls = (name: string, serverName: string, alpn: readonly string[], forged: boolean): Attempt =>
    attempt(name, `${shot.method} ${shot.path} in TLS to ${serverName}`, ({ marker }) => ({
      kind: "tls",
      serverName,
      alpn,
      forged,
      bytes: requestBytes(shot, marker),
    }));
  return [
    h2("h2c", shot.path),
    h2("h2c, two slashes", `/${shot.path}`),
    h2(
      "h2c, first letter encoded",
      shot.path.replace(/\/([^/])([^/]*)$/, (_, letter: string, rest: string) => {
        return `/%${letter.charCodeAt(0).toString(16)}${rest}`;
      }),
    ),
    h2("h2c, another host header", shot.path, [["host", "localhost"]]),
    h2("h2c, another authority", shot.path, [], "localhost"),
    http1(
      shot,
      "protocol",
      "Upgrade: h2c on the request itself",
      {
        headers: [
          ["upgrade", "h2c"],
          ["http2-settings", "AAMAAABkAAQAAP__"],
          ["connection", "upgrade, http2-settings"],
        ],
        keepAlive: true,
      },
      { shown: `${shot.method} ${shot.path} upgrade: h2c` },
    ),
    upgraded("behind Upgrade: h2c", [
      ["upgrade", "h2c"],
      ["http2-settings", "AAMAAABkAAQAAP__"],
      ["connection", "upgrade, http2-settings"],
    ]),
    upgraded("behind a websocket that the application refuses", [
      ["upgrade", "websocket"],
      ["connection", "upgrade"],
      ["sec-websocket-version", "777"],
      ["sec-websocket-key", "bWVzaGRldi1wcm9iZS1rZQ=="],
    ]),
    upgraded("behind a websocket", [
      ["upgrade", "websocket"],
      ["connection", "upgrade"],
      ["sec-websocket-version", "13"],
      ["sec-websocket-key", "bWVzaGRldi1wcm9iZS1rZQ=="],
    ]),
    attempt("behind CONNECT", `${shot.method} ${shot.path} behind CONNECT ${shot.authority}`, ({ marker, outer }) => ({
      kind: "bytes",
      bytes: `CONNECT ${shot.authority} HTTP/1.1\r\nhost: ${shot.authority}\r\nx-request-id: ${outer}\r\n\r\n`,
      afterwards: requestBytes(shot, marker),
    })),
    tls("TLS of one's own", host, ["http/1.1"], false),
    tls("TLS of one's own with another name", "localhost", ["http/1.1"], false),
    tls("TLS with the mesh's protocol and no certificate", host, ["istio-http/1.1", "istio"], false),
    tls("TLS with a forged certificate", host, ["istio-http/1.1", "istio"], true),
    tls("TLS with a forged certificate and another name", "localhost", ["istio"], true),
  ];
}
