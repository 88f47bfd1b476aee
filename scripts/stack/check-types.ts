import { spawnSync } from 'node:child_process'
import { rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { preparePlatform } from './platform.ts'

// Checks sst.config.ts and infra/ against the types of sst. These come as sources, which hold what only other clouds
// need and what our own options refuse: what is wrong in them is not ours.
const project = join(import.meta.dirname, '..', '..')
const platform = await preparePlatform()
const settings = join(platform, `tsconfig-${process.pid}.json`)
const include = [
  join(platform, 'config.d.ts'),
  join(project, 'infra', 'providers.d.ts'),
  join(project, 'sst.config.ts'),
  join(project, 'infra', '*.ts'),
]
const exclude = [join(project, 'infra', '*.test.ts')]
writeFileSync(settings, JSON.stringify({ extends: join(project, 'infra', 'tsconfig.json'), include, exclude }))
const checked = spawnSync('tsc', ['--noEmit', '-p', settings], { cwd: project, encoding: 'utf8' })
rmSync(settings)
if (checked.error) throw checked.error
const faults = checked.stdout.split('\n').filter((line) => /^(infra\/|sst\.config\.ts)/.test(line))
for (const fault of faults) console.error(fault)
// without sst's global types every file has faults, so none at all means that they were checked
process.exit(faults.length > 0 ? 1 : 0)
