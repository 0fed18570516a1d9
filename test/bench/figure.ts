/** One line of the report. Numbers are already rounded; `worst` is the 99th percentile or the maximum of few runs. */
export interface Figure {
  readonly what: string;
  readonly median: number;
  readonly worst?: number;
  readonly unit: string;
  readonly target?: string;
  readonly runs: number;
}

/** The value below which `share` of the samples lie (nearest rank). */
export function percentile(samples: readonly number[], share: number): number {
  const sorted = samples.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.max(0, Math.ceil(sorted.length * share) - 1))] ?? Number.NaN;
}

export function figure(what: string, unit: string, samples: readonly number[], target?: string): Figure {
  const round = (value: number): number => (value >= 100 ? Math.round(value) : Math.round(value * 10) / 10);
  return {
    what,
    unit,
    median: round(percentile(samples, 0.5)),
    worst: round(percentile(samples, 0.99)),
    runs: samples.length,
    ...(target === undefined ? {} : { target }),
  };
}

/** The report as text. */
export function printFigures(figures: readonly Figure[]): string {
  const width = Math.max(...figures.map((each) => each.what.length));
  const lines = figures.map(({ what, median, unit, worst, target, runs }) => {
    const columns = [
      what.padEnd(width),
      `${median} ${unit}`.padStart(14),
      worst === undefined ? "" : `worst ${worst}`.padStart(14),
      `n=${runs}`.padStart(7),
    ];
    return `${columns.join("  ")}${target === undefined ? "" : `  target ${target}`}\n`;
  });
  return `\nNode ${process.version}, ${process.platform} ${process.arch}\n\n${lines.join("")}`;
}
