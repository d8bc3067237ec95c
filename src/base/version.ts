// Which build this is. build.ts replaces the two names; run from source they are
// undefined.

declare const PHONE_OPUS_BUILD_VERSION: string | undefined;
declare const PHONE_OPUS_BUILD_COMMIT: string | undefined;

export const version =
  typeof PHONE_OPUS_BUILD_VERSION === "string"
    ? PHONE_OPUS_BUILD_VERSION
    : "0.0.0-source";

export const commit =
  typeof PHONE_OPUS_BUILD_COMMIT === "string"
    ? PHONE_OPUS_BUILD_COMMIT
    : "unknown";

export const versionLine = `phone-opus ${version} (${commit})`;
