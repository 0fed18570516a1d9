import type { CodeTable } from "./table.ts";

/** MD6xxx: the machine: ports, permissions, disks, sockets. A number is never reused; a retired one stays, marked so. */
export const hostCodes = {
  MD6001: {
    title: "The session folder cannot be used",
    why: "It is missing, not ours, or open to others.",
    next: "Set XDG_RUNTIME_DIR to a folder that only you can enter.",
  },
  MD6002: {
    title: "The path of the session folder is too long",
    why: "A Unix socket name holds at most 107 bytes, and longer ones would be cut silently.",
    next: "Set XDG_RUNTIME_DIR or TMPDIR to a folder with a shorter path.",
  },
  MD6003: {
    title: "A port is taken",
    why: "Another program already listens on a port that the project file publishes.",
    next: "Stop that program, or publish another port.",
  },
  MD6004: {
    title: "The CA could not be stored",
    why: "The state folder cannot be written: no space, or no permission.",
    next: "Free space or fix the permissions. Until then the CA lives in memory and the next start makes a new one.",
  },
  MD6005: {
    title: "The CA folder cannot be read",
    why: "The folder is missing a file, or its files cannot be read.",
    next: "Give a folder with ca-cert.pem, ca-key.pem, cert-chain.pem and root-cert.pem.",
  },
  MD6006: {
    title: "A mesh file cannot be read",
    why: "The path does not exist, is not readable, or is too large.",
    next: "Fix the path or its permissions. What was last read from it stays in force.",
  },
  MD6007: {
    title: "A mesh file is still being written",
    why:
      "The program that writes it has not closed it. Or it is gone, or empty, on a machine so busy that whoever replaces it may not have come to " +
      "write it again yet. Its new content is not trusted so far.",
    next: "Finish writing the file, or wait: what stays as it is goes live. What was last read from it stays in force.",
  },
  MD6008: {
    title: "No loopback range is free",
    why: "Each mesh uses its own 127.x range for its sidecars, and all are taken by other meshes.",
    next: "Stop another mesh: `meshdev ps --all` lists them.",
  },
  MD6009: {
    title: "Files cannot be watched",
    why: "The system refused to watch for changes, usually because its limit of watches is reached.",
    next: "Raise fs.inotify.max_user_watches. Changes are still found, up to two seconds later.",
  },
  MD6010: {
    title: "The key of the token issuer cannot be used",
    why: "The issuer for development keeps its key with the project's CA, and the file can be neither read nor made.",
    next: "Fix the permissions of the folder that the message names, or remove it: a new key is made then.",
  },
  MD6011: {
    title: "Network pods cannot be made",
    why: "On Linux each program gets a network of its own; the system, a container around us, or a missing program does not allow it.",
    next: "Run `meshdev doctor`: it names the step that fails and how to mend it. `--capture=hook` runs Node programs without pods.",
  },
  MD6020: {
    title: "A container cannot run in this mesh",
    why: "It asks for something that container pods do not do, its image is not there, or a tool that they need is missing.",
    next: "Do as the message says, or give the service a `run` command in meshdev.local.yaml.",
  },
  MD6021: {
    title: "The container engine does not answer",
    why: "Docker or Podman was asked for something and gave no answer in time; it may be overloaded, or stuck.",
    next: "Look at its log, or restart it. `meshdev doctor` asks it again.",
  },
  MD6022: {
    title: "No container engine is there",
    why: "Services with an image need Docker or Podman, and nothing listens where one is expected.",
    next: "Start it, or say where it is with DOCKER_HOST. `meshdev doctor` tells where it was looked for.",
  },
  MD6023: {
    title: "The container engine may not be used",
    why: "Its socket is there, and belongs to root or to a group that this user is not in.",
    next: "Add the user to the group `docker` and log in again, run rootless Docker or Podman, or set DOCKER_HOST.",
  },
  MD6024: {
    title: "An image cannot be had",
    why: "The machine has not got it, and its registry has not got it either, wants a login, or cannot be reached.",
    next: "Correct its name, run `docker login`, or bring it by `docker pull` or `docker load`.",
  },
  MD6025: {
    title: "An image cannot be built",
    why: "A step of its Dockerfile failed, or its base cannot be had.",
    next: "The message is the engine's, the lines above it are the build's. `docker build` with the same folder shows the same.",
  },
  MD6027: {
    title: "The container engine's disk is full",
    why: "There is no room for images, containers or their output.",
    next: "Free some: `docker system df` shows what uses it, `meshdev prune` what meshdev left.",
  },
  MD6029: {
    title: "The container engine refused",
    why: "It answered with an error that has no other code.",
    next: "The message is the engine's. `meshdev doctor` shows which engine it is.",
  },
} as const satisfies CodeTable<`MD6${string}`>;
