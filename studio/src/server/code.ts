/** Takes the sign-in code out of the address before anything else runs. Imported first. */

function take(): string | undefined {
  const found = /^#code=([A-Za-z0-9_-]{1,200})$/.exec(location.hash);
  if (location.hash.startsWith("#code=")) {
    history.replaceState(null, "", location.pathname + location.search);
  }
  return found?.[1];
}

/** The code of `/studio#code=…`, once; later it is nowhere in the address. */
export let signInCode = take();

export function forgetCode(): void {
  signInCode = undefined;
}
