import { isWholeMilliseconds, parseDuration } from "./duration.ts";
import type { Refuse } from "./refuse.ts";

/** Durations of Istio: at least 1 ms, and whole milliseconds. */
export function validateDuration(value: unknown, field: string, refuse: Refuse): void {
  if (typeof value !== "string") return;
  const milliseconds = parseDuration(value);
  if (milliseconds === undefined || milliseconds < 1)
    refuse(field, `${field}: ${value} must be at least 1ms`, "leave the field out to have none");
  else if (!isWholeMilliseconds(value)) refuse(field, `${field}: ${value} is finer than a millisecond`);
}
