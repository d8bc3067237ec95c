// Foreign text and values where a line must stay one line.

/** A name as it is, unless it could be taken for several lines. */
export function oneLine(name: string): string {
  return /[\p{Cc}\u2028\u2029]/u.test(name) ? inline(name) : name;
}

const maxInlineChars = 512;

/** Any value on one bounded line. */
export function inline(value: unknown): string {
  const text = JSON.stringify(value) ?? "";
  return text.length > maxInlineChars
    ? `${text.slice(0, maxInlineChars).toWellFormed()}… (${text.length} characters)`
    : text;
}
