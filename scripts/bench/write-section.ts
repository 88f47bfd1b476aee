import { readFile, writeFile } from 'node:fs/promises'

/** Replaces what is between `<!-- name -->` and `<!-- end of name -->` in a page under docs. Throws when the page has no such place. */
export async function writeSection(page: string, name: string, text: string): Promise<void> {
  const file = new URL(`../../docs/${page}`, import.meta.url)
  const before = await readFile(file, 'utf8')
  const [start, end] = [`<!-- ${name} -->`, `<!-- end of ${name} -->`]
  const [from, to] = [before.indexOf(start), before.indexOf(end)]
  if (from < 0 || to < from) throw new Error(`docs/${page} has no section ${name}`)
  await writeFile(file, `${before.slice(0, from + start.length)}\n${text}\n${before.slice(to)}`)
}

/** A table in Markdown. */
export function table(heads: string[], rows: string[][]): string {
  const line = (cells: string[]) => `| ${cells.join(' | ')} |`
  return [line(heads), line(heads.map(() => '---')), ...rows.map(line)].join('\n')
}
