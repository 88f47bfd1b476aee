import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { expect, it } from 'vitest'
import { makePrivateFolder } from './private-folder.ts'

it('is removed once the process that it belonged to is gone, and not before', async () => {
  const mine = await makePrivateFolder()
  const dead = spawnSync(process.execPath, ['--version']).pid
  const [left, others] = [dead, process.ppid].map((pid) =>
    join(tmpdir(), basename(mine).replace(`-${process.pid}-`, `-${pid}-`)),
  ) as [string, string]
  for (const folder of [left, others]) mkdirSync(folder)
  const next = await makePrivateFolder()
  expect([mine, left, others, next].map((folder) => existsSync(folder))).toEqual([true, false, true, true])
  for (const folder of [mine, others, next]) rmSync(folder, { recursive: true })
})
