/**
 * Makes a thing when it is first asked for, and keeps it. Schemas of requests and their parts are made so, and still have the name
 * of their type: to make one takes longer than to use it, and a request needs few of those that its function knows.
 */
export function once<T>(make: () => T): () => T {
  let made: { it: T } | undefined
  return () => {
    made ??= { it: make() }
    return made.it
  }
}
