/** One argument of a Redis command: text is sent as UTF-8, a Buffer as it is. */
export type Argument = string | Buffer

/** The RESP request bytes of commands, one after the other. */
export function encodeCommands(commands: readonly (readonly Argument[])[]): Buffer {
  const parts: (string | Buffer)[] = []
  let text = ''
  for (const command of commands) {
    text += `*${command.length}\r\n`
    for (const argument of command) {
      if (typeof argument === 'string') {
        text += `$${Buffer.byteLength(argument)}\r\n${argument}\r\n`
      } else {
        parts.push(`${text}$${argument.length}\r\n`, argument)
        text = '\r\n'
      }
    }
  }
  // a socket takes several times as long to write long texts itself
  if (parts.length === 0) return Buffer.from(text)
  parts.push(text)
  return Buffer.concat(parts.map((part) => (typeof part === 'string' ? Buffer.from(part) : part)))
}
