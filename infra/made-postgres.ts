import { permanent } from './stage.ts'

/** A Postgres that the stack makes where Neon's key is given; null where it is given by secrets. */
export const madePostgres = process.env.NEON_API_KEY ? make() : null

function make() {
  const project = new neon.Project(
    'Postgres',
    {
      name: `${$app.name}-${$app.stage}`,
      regionId: $interpolate`aws-${aws.getRegionOutput().region}`,
      pgVersion: 17,
      // how far back it can be restored
      historyRetentionSeconds: permanent ? 7 * 86_400 : 6 * 3_600,
      ...(process.env.NEON_ORG_ID ? { orgId: process.env.NEON_ORG_ID } : {}),
    },
    { protect: permanent, retainOnDelete: permanent },
  )
  return {
    direct: new sst.Linkable('DatabaseDirectUrl', { properties: { value: $util.secret(project.connectionUri) } }),
    pooled: new sst.Linkable('DatabaseUrl', { properties: { value: $util.secret(project.connectionUriPooler) } }),
  }
}
