import { type Command, Option } from "commander";
import { withGlobals } from "./commands-session.ts";
import type { Context } from "./context.ts";
import type { Settle } from "./main.ts";
import { directoryOption } from "./options.ts";

/** Commands about keys and certificates. */
export function addCertificateCommands(program: Command, context: Context, settle: Settle): void {
  const cert = program.command("cert").description("keys and certificates of sidecars, and the CA above them");
  cert
    .command("rotate [service...]")
    .description("new keys and certificates, for all sidecars when no service is named; no connection is cut")
    .addOption(directoryOption())
    .addOption(
      new Option("--root", "a new root CA too: both are trusted until everybody has its certificate").env(
        "MESHDEV_ROOT",
      ),
    )
    .addOption(
      new Option("--no-overlap", "with --root: forget the old root at once, and see what that breaks").env(
        "MESHDEV_NO_OVERLAP",
      ),
    )
    .addHelpText(
      "after",
      `
Examples:
  meshdev cert rotate                     every sidecar
  meshdev cert rotate backend
  meshdev cert rotate --root              no call fails
  meshdev cert rotate --root --no-overlap for a second every call between sidecars fails

A plug-in CA (--ca, or ca: in the project file) is rotated by changing its files: docs/certificates.md.`,
    )
    .action(async (services: readonly string[], options) => {
      const { rotate } = await import("./commands/cert.ts");
      settle(await rotate(services, withGlobals(program, options), context));
    });
}
