/**
 * Makes a thing when it is first asked for, and keeps it. A schema that not every function needs is made so, and has the name of its
 * type in lower case: to make one takes longer than to use it.
 */
export function once<T>(make: () => T): () => T {
  let made: { it: T } | undefined
  return () => {
    made ??= { it: make() }
    return made.it
  }
}
