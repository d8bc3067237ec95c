// Files that stand on every stage, and must not be read from it.

/** Denied by their names, wherever they lie. */
export const secretPlaces = [
  "{home}/.ssh/id_rsa",
  "{home}/.aws/credentials",
  "{home}/.netrc",
  "{project}/.env",
  "{project}/deploy/.env.production",
  "{project}/certs/server.pem",
  "{project}/id_ed25519",
] as const;

/** Outside the project, and nothing else is wrong with reading it. */
export const outsidePlaces = ["{outside}/plain.txt"] as const;
