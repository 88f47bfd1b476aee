import { execFile } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { chmod, mkdir, mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'

const run = promisify(execFile)
const project = join(import.meta.dirname, '..', '..')
const { version } = JSON.parse(readFileSync(join(project, 'node_modules', 'sst', 'package.json'), 'utf8')) as {
  version: string
}

/** Packages of the platform that the components of this stack need; the rest of its 260 MB is for other clouds. */
const needed = ['@pulumi/pulumi', '@pulumi/aws', '@pulumi/random', 'archiver', 'glob']

/** What sst asks of the programs that it would otherwise fetch. It only ever sees them in a folder of its own. */
const standIns = { pulumi: 'v3.215.0', bun: '1.2.1' }

/** Enough for sst to unpack itself; the project's own would need everything that it imports. */
const emptyStack = "export default $config({ app: () => ({ name: 'empty', home: 'aws' }), async run() {} })"

/**
 * The platform of the installed sst, unpacked with what it needs to run this stack without a cloud account: the folder
 * `.sst/platform` of a cache that is kept by sst's version. A real deploy never sees it. Takes a minute the first time
 * and needs nothing but the package registry.
 */
export async function preparePlatform(): Promise<string> {
  const cache = join(project, 'node_modules', '.cache', 'agent-hive')
  const ready = join(cache, `sst-${version}`)
  const platform = join('.sst', 'platform')
  if (existsSync(ready)) return join(ready, platform)
  await mkdir(cache, { recursive: true })
  const folder = await mkdtemp(join(cache, 'preparing-'))
  try {
    await unpack(folder)
    await install(join(folder, platform))
    // whoever else prepared it at the same time has the same
    await rename(folder, ready).catch((error) => {
      if (!existsSync(ready)) throw error
    })
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
  return join(ready, platform)
}

async function unpack(folder: string): Promise<void> {
  const bin = join(folder, 'config', 'sst', 'bin')
  await mkdir(bin, { recursive: true })
  for (const [name, answer] of Object.entries(standIns)) {
    await writeFile(join(bin, name), `#!/bin/sh\necho ${answer}\n`)
    await chmod(join(bin, name), 0o755)
  }
  await writeFile(join(folder, 'sst.config.ts'), emptyStack)
  const env = {
    ...process.env,
    HOME: folder,
    XDG_CONFIG_HOME: join(folder, 'config'),
    SST_TELEMETRY_DISABLED: '1',
    CI: '1',
  }
  await run(join(project, 'node_modules', '.bin', 'sst'), ['install', '--stage', 'test'], { cwd: folder, env })
}

/** Replaces the platform's package.json by one of what is needed, in the versions that it names. */
async function install(platform: string): Promise<void> {
  const file = join(platform, 'package.json')
  const { dependencies, overrides } = JSON.parse(await readFile(file, 'utf8'))
  const wanted = Object.fromEntries(needed.map((name) => [name, dependencies[name]]))
  await writeFile(file, JSON.stringify({ type: 'module', private: true, dependencies: wanted, overrides }))
  const quiet = ['--ignore-scripts', '--no-package-lock', '--omit=dev', '--no-audit', '--no-fund', '--prefer-offline']
  await run('npm', ['install', ...quiet, '--loglevel=error'], { cwd: platform })
}
