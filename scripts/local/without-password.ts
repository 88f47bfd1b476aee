/** A URL of somebody else's server may carry a password that must not end up in a terminal's history. */
export function withoutPassword(text: string): string {
  const url = new URL(text)
  if (url.password !== '') url.password = '***'
  return url.href
}
