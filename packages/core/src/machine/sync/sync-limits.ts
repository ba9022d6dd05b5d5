import { LIMITS } from '../../limits.ts'

/** The bounds of one `Sync`. Those of limits.ts, where the reasons are, unless a test sets smaller ones. */
export interface SyncLimits {
  readonly locatorHashesMax: number
  readonly headersPerRequest: number
  readonly headersAheadMax: number
  readonly bodiesPerRequest: number
  readonly bodiesAheadMax: number
  readonly bodiesBytesMax: number
  readonly bodiesAnswerBytesFirst: number
  readonly bodiesAnswerBytesMax: number
  readonly bodyRequestsPerPeer: number
  readonly feedsMax: number
  readonly feedBytesMax: number
  readonly announcedMax: number
  readonly statusIntervalMs: number
  readonly statusSoonMs: number
  readonly tellMs: number
  readonly stuckMs: number
  readonly headersAloneMs: number
  readonly headersRequestsMax: number
  readonly requestTimeoutMs: number
  readonly frontPatienceMs: number
  readonly backoffMinMs: number
  readonly backoffMaxMs: number
  readonly stallsMax: number
  readonly claimFaultsMax: number
  readonly faultDecayMs: number
  readonly divergedRecheckMs: number
  readonly earlyRetryMs: number
  readonly hashesRememberedMax: number
  readonly gapMin: number
  readonly progressStep: number
}

export const SYNC_LIMITS: SyncLimits = {
  locatorHashesMax: LIMITS.locatorHashesMax,
  headersPerRequest: LIMITS.headersCountMax,
  headersAheadMax: LIMITS.syncHeadersAheadMax,
  bodiesPerRequest: LIMITS.syncBodiesPerRequestMax,
  bodiesAheadMax: LIMITS.syncBodiesAheadMax,
  bodiesBytesMax: LIMITS.syncBodiesBytesMax,
  bodiesAnswerBytesFirst: LIMITS.syncBodiesAnswerBytesFirst,
  bodiesAnswerBytesMax: LIMITS.syncBodiesAnswerBytesMax,
  bodyRequestsPerPeer: LIMITS.syncBodyRequestsPerPeerMax,
  feedsMax: LIMITS.syncFeedsMax,
  feedBytesMax: LIMITS.syncFeedBytesMax,
  announcedMax: LIMITS.syncAnnouncedMax,
  statusIntervalMs: LIMITS.syncStatusIntervalMs,
  statusSoonMs: LIMITS.syncStatusSoonMs,
  tellMs: LIMITS.syncTellMs,
  stuckMs: LIMITS.syncStuckMs,
  headersAloneMs: LIMITS.syncHeadersAloneMs,
  headersRequestsMax: LIMITS.syncHeadersRequestsMax,
  requestTimeoutMs: LIMITS.syncRequestTimeoutMs,
  frontPatienceMs: LIMITS.syncFrontPatienceMs,
  backoffMinMs: LIMITS.syncBackoffMinMs,
  backoffMaxMs: LIMITS.syncBackoffMaxMs,
  stallsMax: LIMITS.syncStallsMax,
  claimFaultsMax: LIMITS.syncClaimFaultsMax,
  faultDecayMs: LIMITS.syncFaultDecayMs,
  divergedRecheckMs: LIMITS.syncDivergedRecheckMs,
  earlyRetryMs: LIMITS.syncEarlyRetryMs,
  hashesRememberedMax: LIMITS.syncHashesRememberedMax,
  gapMin: LIMITS.syncGapMin,
  progressStep: LIMITS.syncProgressStep,
}
