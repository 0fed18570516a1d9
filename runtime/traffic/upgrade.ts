/**
 * Only `websocket` is let through; `h2c` is treated as an ordinary request, anything else is 403 `upgrade_failed`
 * (spec traffic 5.3.2, errata C9).
 */
export function judgeUpgrade(protocol: string | undefined): "none" | "accepted" | "refused" {
  switch (protocol?.toLowerCase()) {
    case undefined:
    case "h2c":
      return "none";
    case "websocket":
      return "accepted";
    default:
      return "refused";
  }
}
