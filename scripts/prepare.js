// Brings a bare machine to where `npm start` and `npm test` can run: installed packages and, without `--packages`, a Redis binary.
// Plain JavaScript for any Node from 20 on: it runs before Node 24 is installed. Changes nothing when nothing is missing.
import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { accessSync, constants, existsSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { delimiter, join } from 'node:path'

const project = join(import.meta.dirname, '..')
const mayInstall = process.env.HIVE_NO_INSTALL !== '1'

installPackages()
if (!process.argv.includes('--packages')) provideRedis()

function installPackages() {
  const lock = join(project, 'package-lock.json')
  const stamp = join(project, 'node_modules', '.agent-hive-lock')
  const hash = createHash('sha256').update(readFileSync(lock)).digest('hex')
  if (readIfThere(stamp) === hash) return
  if (!installedSince(lock)) {
    if (!mayInstall) fail('packages are missing or older than package-lock.json, and HIVE_NO_INSTALL=1: run npm ci')
    say('installing packages (npm ci)')
    const npm = process.env.npm_execpath
    const [command, args] = npm ? [process.execPath, [npm]] : ['npm', []]
    run(command, [...args, 'ci', '--no-audit', '--no-fund', '--loglevel=error'], 'npm ci failed')
  }
  writeFileSync(stamp, hash)
}

/** Whether npm has installed something by hand since the lock file changed; npm writes its own record last. */
function installedSince(lock) {
  const record = join(project, 'node_modules', '.package-lock.json')
  const node = join(project, 'node_modules', '.bin', 'node')
  return existsSync(record) && existsSync(node) && statSync(record).mtimeMs >= statSync(lock).mtimeMs
}

function provideRedis() {
  if (process.env.REDIS_URL || findOnPath('redis-server') || findOnPath('valkey-server')) return
  const debian = existsSync('/etc/debian_version') && findOnPath('apt-get')
  if (!debian || process.getuid?.() !== 0 || !mayInstall) {
    fail(
      'no redis-server or valkey-server on PATH. Install one (apt install redis-server, brew install redis, ' +
        'dnf install valkey), or set REDIS_URL to a Redis 7 or later of your own',
    )
  }
  say('no Redis on this machine: installing the Debian package redis-server (HIVE_NO_INSTALL=1 forbids it)')
  const started = forbidServiceStarts()
  try {
    const apt = ['-y', '-q', '--no-install-recommends', 'install', 'redis-server']
    const quiet = { env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' } }
    // the lists of a fresh container are empty, those of an old one stale
    if (spawnSync('apt-get', apt, { stdio: 'ignore', ...quiet }).status !== 0) {
      run('apt-get', ['-q', 'update'], 'apt-get update failed', quiet)
      run('apt-get', apt, 'apt-get install redis-server failed', quiet)
    }
  } finally {
    started.allowAgain()
  }
  if (!findOnPath('redis-server')) fail('the package redis-server is installed, but redis-server is not on PATH')
  if (findOnPath('systemctl')) spawnSync('systemctl', ['disable', 'redis-server'], { stdio: 'ignore' })
}

/** Debian starts the services that it installs; this project runs a private Redis and leaves the machine's alone. */
function forbidServiceStarts() {
  const policy = '/usr/sbin/policy-rc.d'
  if (existsSync(policy)) return { allowAgain() {} }
  writeFileSync(policy, '#!/bin/sh\nexit 101\n', { mode: 0o755 })
  return { allowAgain: () => rmSync(policy, { force: true }) }
}

function findOnPath(name) {
  return (process.env.PATH ?? '').split(delimiter).some((folder) => isExecutable(join(folder, name)))
}

function isExecutable(path) {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}

function readIfThere(path) {
  return existsSync(path) ? readFileSync(path, 'utf8') : null
}

function run(command, args, failure, options = {}) {
  const { status } = spawnSync(command, args, { cwd: project, stdio: ['ignore', 2, 2], ...options })
  if (status !== 0) fail(failure)
}

function say(text) {
  console.error(`agent-hive: ${text}`)
}

function fail(text) {
  say(text)
  process.exit(1)
}
