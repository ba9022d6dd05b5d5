export { type BrowserCrypto, loadBrowserCrypto } from './crypto.ts'
