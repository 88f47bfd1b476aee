import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { Command } from 'commander'
import { describe, expect, it } from 'vitest'
import { environmentName, isSetting } from '../core/config.ts'
import { errorStatus } from '../core/errors.ts'
import { analyzeFolder } from '../core/migration/analyze/analyze-folder.ts'
import { readFolder } from '../core/migration/analyze/reading/read-folder.ts'
import { suggestPlan } from '../core/migration/plan/suggest/suggest-plan.ts'
import { routes } from '../functions/routes.ts'
import { createProgram } from '../scripts/hive/program.ts'

const root = join(import.meta.dirname, '..')
const read = (file: string) => readFileSync(join(root, file), 'utf8')
const markdown = (folder: string) => readdirSync(join(root, folder)).filter((name) => name.endsWith('.md'))
const pages = ['README.md', 'CONTRIBUTING.md', ...markdown('docs').map((name) => `docs/${name}`)]
const eachPage = it.each(pages)

/** Everything of `pattern` in a page, once each. */
const all = (page: string, pattern: RegExp) => [
  ...new Set([...read(page).matchAll(pattern)].map(([, first = '']) => first)),
]

/** Lines of the commands that a page shows, without comments. */
function commands(page: string): string[] {
  const blocks = [...read(page).matchAll(/^```(?:sh)?\n(.*?)^```/gms)].map(([, block = '']) => block)
  const lines = blocks.flatMap((block) => block.replaceAll('\\\n', ' ').split('\n'))
  const inline = [...read(page).matchAll(/`((?:npm run )?hive (?:-- )?[a-z][^`]*)`/g)].map(([, text = '']) => text)
  return [...lines, ...inline].map((line) => line.replace(/\s#\s.*$/, ''))
}

describe('what the documentation names is there', () => {
  eachPage('links of %s', (page) => {
    const targets = all(page, /\]\((?!https?:)([^)#]+)/g)
    expect(targets.filter((target) => !existsSync(join(root, dirname(page), target)))).toEqual([])
  })

  eachPage('files of %s', (page) => {
    const files = all(page, /`((?:core|functions|scripts|infra|test|docs)\/[\w./-]+)`/g)
    expect(files.filter((file) => !existsSync(join(root, file)) && !existsSync(join(root, `${file}.ts`)))).toEqual([])
  })

  eachPage('routes of %s', (page) => {
    const shape = (path: string) => path.replaceAll(/\{\w+\}/g, '{}').replace(/\?.*$/, '')
    const known = new Set(routes.map(({ path }) => shape(path)))
    const named = all(page, /`(?:(?:GET|PUT|POST|PATCH|DELETE),? ?)*(?:`, `)?(\/v1\/[\w/{}?=-]+)(?:\[[^\]]*\])?`/g)
    expect(named.map(shape).filter((path) => !known.has(path))).toEqual([])
  })

  eachPage('error codes of %s, with their statuses', (page) => {
    const rows = [
      ...read(page).matchAll(/^\| `([a-z_]+\.[a-z_]+)` \| (\d{3}) \|/gm),
      ...read(page).matchAll(/\b(\d{3}) `([a-z_]+\.[a-z_]+)`/g),
    ]
    const told = rows.map(([, one = '', other = '']) => (/^\d/.test(one) ? [other, Number(one)] : [one, Number(other)]))
    expect(told.filter(([code, status]) => errorStatus[code as keyof typeof errorStatus] !== status)).toEqual([])
  })

  eachPage('environment variables of %s', (page) => {
    const settings = new Set(settingNames().map(environmentName))
    const sources = [
      'scripts/local/start.ts',
      'scripts/prepare.js',
      'scripts/hive/connection.ts',
      'infra/stage-settings.ts',
    ]
    const tests = ['test/history/histories.test.ts', 'test/fuzz/requests.test.ts']
    const rest = [...sources, ...tests].map(read).join('\n')
    const named = all(page, /\b(HIVE_(?!SET_)[A-Z0-9_]+[A-Z0-9])\b/g)
    expect(named.filter((name) => !settings.has(name) && !rest.includes(name))).toEqual([])
    expect(all(page, /\bHIVE_SET_(\w+)/g).filter((name) => !isSetting(name))).toEqual([])
  })

  eachPage('commands and options of %s', (page) => {
    const faults = commands(page).flatMap((line) => {
      const [, rest] = /(?:^|\$ |&& |=… )(?:npm run hive -- |hive )(.*)/.exec(line) ?? []
      return rest === undefined ? [] : faultsOf(createProgram(), rest.split(/\s+/), line)
    })
    expect(faults).toEqual([])
  })

  eachPage('npm scripts of %s', (page) => {
    const { scripts } = JSON.parse(read('package.json')) as { scripts: Record<string, string> }
    const named = commands(page).flatMap((line) => [...line.matchAll(/npm run ([\w:]+)/g)].map(([, name = '']) => name))
    expect(named.filter((name) => !scripts[name])).toEqual([])
  })
})

describe('README.md', () => {
  it('has every route', () => {
    const text = read('README.md')
    const last = (path: string) => path.split('/').findLast((part) => part !== '' && !part.startsWith('{')) ?? ''
    expect(
      routes
        .map(({ path }) => path)
        .filter((path) => !path.startsWith('/v1/migrations/') && !text.includes(last(path))),
    ).toEqual([])
  })
})

describe('docs/migration.md', () => {
  it('has the plan that is suggested', async () => {
    const [, shown = ''] = /^```json\n(\{\n {2}"version".*?)^```/ms.exec(read('docs/migration.md')) ?? []
    const folder = join(root, 'test/data/sqlite/agent-hive')
    const { files, ...plan } = suggestPlan(await analyzeFolder(folder, readFolder(folder)), {
      zone: 'Europe/Berlin',
      agent: 'fleet',
    })
    expect(JSON.parse(shown)).toEqual({ ...plan, files: files.filter(({ path }) => path === 'baseline_metrics.db') })
  })
})

/** What is no command or option of the program, by the line that shows it. */
function faultsOf(program: Command, words: string[], line: string): string[] {
  let command = program
  const known = [...program.options]
  const faults: string[] = []
  for (const word of words) {
    if (word.startsWith('--') && word !== '--help') {
      const flag = word.replace(/[=`,.;)].*$/, '')
      if (![...known, ...command.options].some(({ long }) => long === flag)) faults.push(`${flag} in: ${line}`)
    } else if (command.commands.length > 0 && /^[a-z]/.test(word)) {
      const next = command.commands.find((one) => one.name() === word)
      if (next) command = next
      else faults.push(`${word} in: ${line}`)
    }
  }
  return faults
}

/** Every field of the configuration. */
function settingNames(): string[] {
  return [...read('core/config.ts').matchAll(/^ {2}(\w+): /gm)].map(([, name = '']) => name).filter(isSetting)
}
