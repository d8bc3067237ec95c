// Paths as text. Whoever needs links resolved does that first.

/** Whether an absolute path is that directory, or below it. */
export function isInside(path: string, directory: string): boolean {
  const prefix = directory === "/" ? "/" : `${directory}/`;
  return path === directory || path.startsWith(prefix);
}
