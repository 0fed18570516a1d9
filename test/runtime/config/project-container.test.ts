import { describe, expect, it } from "vitest";
import { parseProject } from "../../../runtime/config/project.ts";
import { resolve } from "../../../runtime/config/resolve.ts";
import type { Workload } from "../../../runtime/model/mesh.ts";

function read(text: string, env: Readonly<Record<string, string>> = {}): ReturnType<typeof resolve> {
  const { value, problems } = parseProject({ path: "meshdev.yaml", text }, env);
  return value === undefined ? { problems } : resolve(value, [], { directory: "/home/dev/shop", env });
}

function workloads(text: string): readonly Workload[] {
  const { value, problems } = read(text);
  expect(problems).toEqual([]);
  return value?.workloads ?? [];
}

describe("containers in the project file", () => {
  it("mean what they mean in Compose", () => {
    const [db] = workloads(`
services:
  db:
    image: postgres:16
    pull_policy: always
    entrypoint: [docker-entrypoint.sh]
    command: postgres -c 'log_line_prefix=%t ' -c "a=\\"b\\""
    env: { POSTGRES_PASSWORD: x }
    port: 5432/tcp
    user: 999:999
    working_dir: /srv
    tty: true
    mem_limit: 512m
    cpus: 0.5
    restart: on-failure:3
    stop_grace_period: 1m30s
    volumes:
      - data:/var/lib/postgresql/data
      - ./init:/docker-entrypoint-initdb.d:ro
      - /scratch
      - { type: tmpfs, target: /run }
      - { type: bind, source: ../shared, target: /shared, read_only: true }
      - { type: files, target: /etc/app, files: { a.conf: "x=1" } }
    healthcheck: { test: pg_isready, interval: 1s, timeout: 2s, start_period: 10s, retries: 5 }
`);
    expect(db?.program).toEqual({
      env: { POSTGRES_PASSWORD: "x" },
      needs: [],
      ready: { kind: "healthcheck" },
      restart: { when: "failure", most: 3 },
      stopGraceMs: 90_000,
      container: {
        image: "postgres:16",
        build: undefined,
        pullPolicy: "always",
        entrypoint: ["docker-entrypoint.sh"],
        command: ["postgres", "-c", "log_line_prefix=%t ", "-c", 'a="b"'],
        mounts: [
          { kind: "volume", source: "data", target: "/var/lib/postgresql/data", readOnly: false },
          { kind: "bind", source: "/home/dev/shop/init", target: "/docker-entrypoint-initdb.d", readOnly: true },
          { kind: "volume", source: undefined, target: "/scratch", readOnly: false },
          { kind: "tmpfs", target: "/run" },
          { kind: "bind", source: "/home/dev/shared", target: "/shared", readOnly: true },
          { kind: "files", target: "/etc/app", files: { "a.conf": "x=1" } },
        ],
        user: "999:999",
        workingDirectory: "/srv",
        healthcheck: {
          test: ["CMD-SHELL", "pg_isready"],
          intervalMs: 1000,
          timeoutMs: 2000,
          startPeriodMs: 10_000,
          retries: 5,
        },
        tty: true,
        memoryLimit: 512 * 1024 ** 2,
        cpuLimit: 0.5,
      },
    });
  });

  it("have built images named by mesh and service", () => {
    const [web] = workloads("services: { web: { build: ./web } }");
    expect(web?.program?.container).toMatchObject({
      image: "meshdev/shop-web",
      pullPolicy: "build",
      build: { context: "/home/dev/shop/web", dockerfile: "Dockerfile", args: {}, target: undefined },
    });
    const [api] = workloads(
      "services: { api: { image: shop/api:1, build: { dockerfile: Api.Dockerfile, args: { A: 1 }, target: run } } }",
    );
    expect(api?.program?.container).toMatchObject({
      image: "shop/api:1",
      build: { context: "/home/dev/shop", dockerfile: "Api.Dockerfile", args: { A: "1" }, target: "run" },
    });
  });

  it("are inherited by variants, which may be a process", () => {
    const [, same, other, local] = workloads(`
services: { api: { image: api:1, command: serve, port: 8080 } }
variants:
  api-v2: { extends: api, user: nobody }
  api-v3: { extends: api, build: ./v3 }
  api-local: { extends: api, run: npm start }
`);
    expect(same?.program?.container).toMatchObject({ image: "api:1", command: ["serve"], user: "nobody" });
    expect(other?.program?.container).toMatchObject({ image: "meshdev/shop-api-v3", command: ["serve"] });
    expect(local?.program).toMatchObject({ command: "npm start" });
    expect(local?.program?.container).toBeUndefined();
  });

  it("wait for what `needs` says", () => {
    const [job] = workloads(
      "services: { a: { run: x, needs: { db: ready, seed: completed, log: started } }, db: { image: d, port: 1 }, seed: { image: s }, log: { image: l } }",
    );
    expect(job?.program).toMatchObject({
      needs: ["db", "seed", "log"],
      conditions: { seed: "completed", log: "started" },
    });
  });

  it.each([
    ["{ run: x, image: y }", "services.a.run"],
    ["{ run: x, command: y }", "services.a.command"],
    ["{}", "services.a"],
    ["{ volumes: [/x] }", "services.a"],
    ['{ image: x, command: "a \'b" }', "services.a.command"],
    ["{ image: x, pull_policy: sometimes }", "services.a.pull_policy"],
    ["{ image: x, volumes: /x }", "services.a.volumes"],
    ["{ image: x, volumes: ['a:b:c:d'] }", "services.a.volumes[0]"],
    ["{ image: x, volumes: ['./a:b'] }", "services.a.volumes[0]"],
    ["{ image: x, volumes: ['!:/b'] }", "services.a.volumes[0]"],
    ["{ image: x, volumes: [{ type: npipe, target: /x }] }", "services.a.volumes[0].type"],
    ["{ image: x, volumes: [{ type: bind, target: /x }] }", "services.a.volumes[0]"],
    ["{ image: x, healthcheck: { test: [x] } }", "services.a.healthcheck.test"],
    ["{ image: x, healthcheck: { test: x, interval: soon } }", "services.a.healthcheck.interval"],
    ["{ image: x, mem_limit: lots }", "services.a.mem_limit"],
    ["{ image: x, mem_limit: 1k }", "services.a.mem_limit"],
    ["{ image: x, cpus: none }", "services.a.cpus"],
    ["{ image: x, needs: { b: healthy }, }", "services.a.needs.b"],
  ])("%s is refused", (entry, field) => {
    const { value, problems } = read(`services: { a: ${entry}, b: { run: x } }`);
    expect(value).toBeUndefined();
    expect(problems).toContainEqual(expect.objectContaining({ code: "MD1003", field }));
  });
});
