import { routes } from '../functions/routes.ts'
import { type Extras, hiveFunction } from './hive-function.ts'
import * as queues from './queues.ts'
import { settings } from './stage.ts'
import { bucketLink, takeUploads } from './storage.ts'

/** API Gateway gives up after 30 s. */
const timeoutSeconds = 29

export const api = new sst.aws.ApiGatewayV2('Api', {
  cors: false,
  accessLog: { retention: settings.logRetention },
  transform: {
    stage: {
      defaultRouteSettings: {
        throttlingRateLimit: settings.requestRate,
        throttlingBurstLimit: settings.requestBurst,
      },
    },
  },
})

/** What the routes of a file need that others do not. */
const extras: Record<string, Extras> = {
  migrations: { permissions: takeUploads, link: [queues.migrate.link, bucketLink] },
}

const files = [...new Set<string>(routes.map(({ file }) => file)), 'not-found']

/** One function a concern: the files that the route table names, and one for what it does not name. */
export const apiFunctions = Object.fromEntries(
  files.map((file) => [file, hiveFunction(file, timeoutSeconds, extras[file])]),
)

for (const [key, file] of [
  ...routes.map(({ key, file }) => [key, file] as const),
  ['$default', 'not-found'] as const,
]) {
  api.route(key, (apiFunctions[file] as sst.aws.Function).arn)
}
