// Foreign text and values where a line must stay one line.

/** A name as it is, unless it could be taken for several lines or steer a terminal. */
export function oneLine(name: string): string {
  return /[\p{Cc}\u2028\u2029]/u.test(name) ? inline(name) : name;
}

/** Those that JSON leaves as they are. */
const unescaped = /[\u007f-\u009f\u2028\u2029]/g;

const maxInlineChars = 512;

/** Any value on one bounded line. */
export function inline(value: unknown): string {
  const text = (JSON.stringify(value) ?? "").replaceAll(
    unescaped,
    (character) =>
      `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
  return text.length > maxInlineChars
    ? `${text.slice(0, maxInlineChars).toWellFormed()}… (${text.length} characters)`
    : text;
}
