import { describeCrypto } from '../../core/test/crypto/conformance.ts'
import { loadBrowserCrypto } from '../src/index.ts'

describeCrypto('libsodium-wrappers', loadBrowserCrypto)
