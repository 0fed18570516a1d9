/** What becomes of the keys of a compose file. Every key of the Compose Specification is in one of these tables. */

/** Keys of a service that mean the same in a project file. */
export const sameKeys = words(
  "image entrypoint command user working_dir tty mem_limit cpus pull_policy stop_grace_period restart env_file profiles",
);

/** Keys of a service that are translated. */
export const translatedKeys = words(
  "build environment ports expose volumes tmpfs depends_on healthcheck develop deploy scale extends secrets configs x-mesh",
);

/** Keys that change nothing that anybody would notice here. */
export const idleKeys = words(
  "container_name hostname domainname labels label_file annotations logging attach init stdin_open stop_signal platform " +
    "isolation provider",
);

/** Keys that are not obeyed, and what that means. */
export const ignoredKeys: Readonly<Record<string, string>> = {
  networks: "networks do not separate services here: say with an AuthorizationPolicy who may call whom",
  links: "links have no aliases here: services are called by their names",
  external_links: "external_links are not followed",
  extra_hosts: "extra_hosts are not added",
  dns: "dns is not set: names are those of the mesh",
  dns_opt: "dns_opt is not set",
  dns_search: "dns_search is not set",
  mac_address: "mac_address is not set",
  cap_add: "cap_add is not given: containers have the engine's usual rights",
  cap_drop: "cap_drop is not obeyed",
  security_opt: "security_opt is not set",
  devices: "devices are not passed on",
  device_cgroup_rules: "device_cgroup_rules are not set",
  gpus: "gpus are not passed on",
  group_add: "group_add is not obeyed",
  read_only: "read_only is not obeyed: the file system can be written",
  shm_size: "shm_size is not set",
  sysctls: "sysctls are not set",
  ulimits: "ulimits are not set",
  storage_opt: "storage_opt is not set",
  oom_kill_disable: "oom_kill_disable is not set",
  oom_score_adj: "oom_score_adj is not set",
  pids_limit: "pids_limit is not set",
  runtime: "runtime is not chosen",
  cgroup: "cgroup is not set",
  cgroup_parent: "cgroup_parent is not set",
  blkio_config: "blkio_config is not set",
  cpu_count: "cpu_count is not set",
  cpu_percent: "cpu_percent is not set",
  cpu_period: "cpu_period is not set",
  cpu_quota: "cpu_quota is not set",
  cpu_rt_period: "cpu_rt_period is not set",
  cpu_rt_runtime: "cpu_rt_runtime is not set",
  cpu_shares: "cpu_shares is not set",
  cpuset: "cpuset is not set",
  mem_reservation: "mem_reservation is not set",
  mem_swappiness: "mem_swappiness is not set",
  memswap_limit: "memswap_limit is not set",
  volumes_from: "volumes_from is not followed: name the volumes",
  post_start: "post_start does not run",
  pre_stop: "pre_stop does not run",
  use_api_socket: "use_api_socket is not obeyed",
  credential_spec: "credential_spec is not set",
  models: "models are not started",
};

/** Keys with which a container would leave its pod, or see into others: with these values a service is refused. */
export const refusedKeys: Readonly<Record<string, (value: string) => boolean>> = {
  privileged: (value) => value === "true",
  network_mode: (value) => !["bridge", "default", "none"].includes(value),
  pid: () => true,
  ipc: (value) => value !== "private" && value !== "none" && value !== "shareable",
  uts: (value) => value === "host",
  userns_mode: (value) => value === "host",
};

/** Keys of `x-mesh` in a service: those of a project file that Compose has no word for. */
export const meshServiceKeys = words(
  "namespace serviceAccount labels annotations protocol port ports publish sidecar instances ready run cwd watch",
);

/** Keys of `x-mesh` of the file. */
export const meshFileKeys = words("policies mesh kubernetes meshConfig ca features");

export const fileKeys = words("name services networks volumes configs secrets version include models x-mesh");

/** Keys of `build` that are passed on, and those whose lack would build something else. */
export const buildKeys = words("context dockerfile args target");
export const neededBuildKeys = words("dockerfile_inline additional_contexts secrets ssh");
export const idleBuildKeys = words(
  "cache_from cache_to no_cache pull labels tags platforms network shm_size ulimits extra_hosts privileged isolation " +
    "entitlements provenance sbom",
);

/** Ports of servers that speak first, or not HTTP; what is unknown is sniffed. */
export const knownPorts: ReadonlyMap<number, string> = new Map([
  [25, "tcp-smtp"],
  [1433, "tcp-mssql"],
  [1521, "tcp-oracle"],
  [2181, "tcp-zookeeper"],
  [3306, "mysql"],
  [4222, "tcp-nats"],
  [5432, "tcp-postgres"],
  [5672, "tcp-amqp"],
  [6379, "redis"],
  [9042, "tcp-cassandra"],
  [9092, "tcp-kafka"],
  [11211, "tcp-memcached"],
  [27017, "mongo"],
]);

function words(text: string): readonly string[] {
  return text.split(" ");
}
