import { expect, it } from 'vitest'
import { stageArguments } from './stage-arguments.ts'

const wrong = (...args: string[]) => {
  const read = stageArguments(args)
  return 'usage' in read ? read.wrong : read
}

it('reads a command and its stage', () => {
  expect(stageArguments(['deploy', '--stage', 'production'])).toEqual({ command: 'deploy', stage: 'production' })
  expect(stageArguments(['remove', '--stage=mine-2'])).toEqual({ command: 'remove', stage: 'mine-2' })
})

it('says what is wrong instead of throwing', () => {
  expect(wrong('preflight')).toBe('Give a stage: --stage NAME.')
  expect(wrong('preflight', '--stage')).toMatch(/--stage/)
  expect(wrong('preflight', '--stage', 'dev', '--nonsense')).toMatch(/--nonsense/)
  expect(wrong('preflight', '--stage', 'X')).toMatch(/"X" is no name of a stage/)
  expect(wrong('preflight', 'dev')).toMatch(/"dev" is not taken/)
  expect(wrong('destroy', '--stage', 'dev')).toMatch(/one of preflight, deploy, remove/)
})

it('shows the usage where help is asked for, and nothing wrong', () => {
  expect(wrong('deploy', '--help')).toBeNull()
  expect(wrong('--help')).toBeNull()
})
