import { spawnSync } from "node:child_process";
import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Shape } from "../shape.ts";
import { withDescendants } from "../usage.ts";
import type { Chain } from "./chain.ts";
import { findProgram, startProgram } from "./program.ts";
import { openSite, type Site } from "./site.ts";

const noHttp2 = "nginx speaks no HTTP/2 to servers";

/** One nginx, one worker, both hops. It logs nothing and asks of the caller no more than a certificate of the same CA. */
export async function openNginx(): Promise<Chain | string> {
  const nginx = findProgram("nginx", "MESHDEV_NGINX");
  if (nginx === undefined) return "nginx is not installed (Debian: apt install nginx-light)";
  const stream = streamModule(nginx);
  const site = await openSite();
  try {
    const configuration = join(site.folder, "nginx.conf");
    writeFileSync(configuration, configure(site, stream));
    const sockets = [site.caller.http1, ...(stream === undefined ? [] : [site.caller.tcp])];
    const running = await startProgram(nginx, ["-p", site.folder, "-c", configuration, "-e", "stderr"], sockets);
    return {
      name: "nginx",
      authorization: "client certificate",
      proxies: () => withDescendants(running.pid),
      entry: ({ protocol }: Shape) => {
        if (protocol === "http/2") return noHttp2;
        const tcp = protocol === "tcp" || protocol === "tcp connect";
        if (tcp && stream === undefined)
          return "this nginx has no stream module (Debian: apt install libnginx-mod-stream)";
        return { path: tcp ? site.caller.tcp : site.caller.http1, preamble: "", authority: "backend:8080" };
      },
      variants: [],
      [Symbol.asyncDispose]: async () => {
        await running[Symbol.asyncDispose]();
        await site[Symbol.asyncDispose]();
      },
    };
  } catch (error) {
    await site[Symbol.asyncDispose]();
    throw error;
  }
}

/** The line that loads nginx's stream module: empty when it is built in, undefined when there is none. */
function streamModule(nginx: string): string | undefined {
  const built = spawnSync(nginx, ["-V"], { encoding: "utf8" }).stderr;
  if (/--with-stream(?!=dynamic)(\s|$)/.test(built)) return "";
  const folder = /--modules-path=(\S+)/.exec(built)?.[1] ?? "";
  const file = join(folder, "ngx_stream_module.so");
  return existsSync(file) ? `load_module ${file};` : undefined;
}

function configure(site: Site, stream: string | undefined): string {
  const { folder, certificates, caller, port, application } = site;
  const { frontend, backend, roots } = certificates;
  const temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
    .map((name) => `  ${name}_temp_path ${folder}/tmp-${name};`)
    .join("\n");
  const tcp = `stream {
  server {
    listen unix:${caller.tcp};
    proxy_pass 127.0.0.1:${port.tcp};
    proxy_ssl on;
    proxy_ssl_protocols TLSv1.3;
    proxy_ssl_certificate ${frontend.chain};
    proxy_ssl_certificate_key ${frontend.key};
  }
  server {
    listen 127.0.0.1:${port.tcp} ssl;
    ssl_protocols TLSv1.3;
    ssl_certificate ${backend.chain};
    ssl_certificate_key ${backend.key};
    ssl_client_certificate ${roots};
    ssl_verify_client on;
    ssl_verify_depth 3;
    proxy_pass unix:${application.tcp};
  }
}`;
  return `${stream ?? ""}
daemon off;
worker_processes 1;
pid ${folder}/nginx.pid;
error_log stderr error;
${process.getuid?.() === 0 ? "user root;" : ""}
events { worker_connections 4096; }
http {
${temporary}
  access_log off;
  tcp_nodelay on;
  keepalive_requests 1000000000;
  keepalive_timeout 1h;
  upstream callee { server 127.0.0.1:${port.http1}; keepalive 256; keepalive_requests 1000000000; }
  upstream application { server unix:${application.http1}; keepalive 256; keepalive_requests 1000000000; }
  server {
    listen unix:${caller.http1};
    location / {
      proxy_pass https://callee;
      proxy_http_version 1.1;
      proxy_set_header Connection "";
      proxy_set_header Host $http_host;
      proxy_ssl_protocols TLSv1.3;
      proxy_ssl_certificate ${frontend.chain};
      proxy_ssl_certificate_key ${frontend.key};
      proxy_ssl_name backend.default.svc.cluster.local;
      proxy_ssl_server_name on;
    }
  }
  server {
    listen 127.0.0.1:${port.http1} ssl;
    ssl_protocols TLSv1.3;
    ssl_certificate ${backend.chain};
    ssl_certificate_key ${backend.key};
    ssl_client_certificate ${roots};
    ssl_verify_client on;
    ssl_verify_depth 3;
    location / {
      proxy_pass http://application;
      proxy_http_version 1.1;
      proxy_set_header Connection "";
      proxy_set_header Host $http_host;
    }
  }
}
${stream === undefined ? "" : tcp}
`;
}
