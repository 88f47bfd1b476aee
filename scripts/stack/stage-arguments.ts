import { parseArgs } from 'node:util'

const usage = `  npm run preflight -- --stage NAME    checks secrets, settings, Redis, Postgres and the schema, and changes nothing
  npm run deploy -- --stage NAME       the same, applies SQL migrations, then deploys
  npm run remove -- --stage NAME       removes a stage that is not protected`

const commands = ['preflight', 'deploy', 'remove'] as const
export type StageCommand = (typeof commands)[number]

/** What is asked for: a command and its stage, or the usage with what is wrong, `null` where help was asked for. */
export type StageArguments = { command: StageCommand; stage: string } | { usage: string; wrong: string | null }

/** Reads a command line without its program. */
export function stageArguments(args: readonly string[]): StageArguments {
  const options = { stage: { type: 'string' }, help: { type: 'boolean', short: 'h' } } as const
  let parsed: ReturnType<typeof parseArgs<{ options: typeof options; allowPositionals: true }>>
  try {
    parsed = parseArgs({ args: [...args], options, allowPositionals: true })
  } catch (error) {
    return { usage, wrong: error instanceof Error ? error.message : String(error) }
  }
  const { values, positionals } = parsed
  const [command, extra] = positionals
  const { stage } = values
  if (values.help) return { usage, wrong: null }
  const known = commands.find((name) => name === command)
  if (!known) return { usage, wrong: `The command is one of ${commands.join(', ')}.` }
  if (extra !== undefined)
    return { usage, wrong: `${JSON.stringify(extra)} is not taken: give the stage as --stage NAME.` }
  if (stage === undefined) return { usage, wrong: 'Give a stage: --stage NAME.' }
  if (!/^[a-z0-9-]{1,32}$/.test(stage)) {
    return { usage, wrong: `${JSON.stringify(stage)} is no name of a stage: 1 to 32 of a to z, 0 to 9 and -.` }
  }
  return { command: known, stage }
}
