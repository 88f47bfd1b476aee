import { createReadStream } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { createInterface } from 'node:readline'
import { UsageError } from './problem.ts'

/** The whole text of a file, or of stdin for `-`. */
export async function readText(file: string): Promise<string> {
  if (file !== '-') return readFile(file, 'utf8').catch(refuse(file))
  const chunks: Buffer[] = []
  for await (const chunk of process.stdin) chunks.push(Buffer.from(chunk as Uint8Array))
  return Buffer.concat(chunks).toString('utf8')
}

export type Line = { number: number; text: string }

/** The lines of a file that hold anything, one at a time, with their numbers from 1; `-` is stdin. */
export async function* readLines(file: string): AsyncGenerator<Line> {
  const input = file === '-' ? process.stdin : createReadStream(file)
  let number = 0
  try {
    for await (const text of createInterface({ input, crlfDelay: Number.POSITIVE_INFINITY })) {
      number++
      if (text.trim() !== '') yield { number, text }
    }
  } catch (error) {
    refuse(file)(error)
  }
}

function refuse(file: string): (error: unknown) => never {
  return (error) => {
    if (error instanceof Error && 'syscall' in error) throw new UsageError(`${file} cannot be read: ${error.message}`)
    throw error
  }
}
