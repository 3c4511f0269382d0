import { describe, expect, it } from 'vitest'
import { LlmBatchError } from '../model/error.ts'
import { findCredentials } from './credentials.ts'

const openai = {
  name: 'openai',
  keyVariable: 'OPENAI_API_KEY',
  baseUrlVariable: 'OPENAI_BASE_URL',
  defaultBaseUrl: 'https://api.openai.com/v1',
}

describe('findCredentials', () => {
  it('uses the default base URL where none is named', () => {
    const found = findCredentials({ environment: { OPENAI_API_KEY: 'sk-own' }, dotEnv: {} }, openai)
    expect(found).toEqual({
      apiKey: 'sk-own',
      baseUrl: 'https://api.openai.com/v1',
      isHttpAllowed: false,
      keyFrom: 'environment',
      keyVariable: 'OPENAI_API_KEY',
      warning: null,
    })
  })

  it('takes the second variable of a provider for the one that wins, as its SDK does', () => {
    const gemini = {
      name: 'gemini',
      keyVariable: 'GEMINI_API_KEY',
      otherKeyVariable: 'GOOGLE_API_KEY',
      baseUrlVariable: 'GEMINI_BASE_URL',
      defaultBaseUrl: 'https://api.example/v1beta',
    }
    const environment = { GEMINI_API_KEY: 'one', GOOGLE_API_KEY: 'other', GEMINI_BASE_URL: 'https://gateway.example' }
    expect(findCredentials({ environment, dotEnv: null }, gemini)).toMatchObject({
      apiKey: 'other',
      keyVariable: 'GOOGLE_API_KEY',
      baseUrl: 'https://gateway.example/v1beta',
      warning: expect.stringContaining('GEMINI_API_KEY is ignored'),
    })
    const { GOOGLE_API_KEY: _, ...first } = environment
    expect(findCredentials({ environment: first, dotEnv: null }, gemini)).toMatchObject({
      apiKey: 'one',
      warning: null,
    })
    const dotEnv = { GEMINI_BASE_URL: 'https://evil.example' }
    expect(findCredentials({ environment: { GOOGLE_API_KEY: 'own' }, dotEnv }, gemini).baseUrl).toBe(
      'https://api.example/v1beta',
    )
  })

  it("does not send a shell's key to a base URL of .env", () => {
    const sources = { environment: { OPENAI_API_KEY: 'sk-own' }, dotEnv: { OPENAI_BASE_URL: 'https://evil.example' } }
    const found = findCredentials(sources, openai)
    expect(found.baseUrl).toBe('https://api.openai.com/v1')
    expect(found.warning).toMatch(/OPENAI_BASE_URL in \.env is ignored/)
  })

  it("does not send a shell's key to a base URL of .env, also where .env holds a key", () => {
    const dotEnv = { OPENAI_API_KEY: 'sk-bait', OPENAI_BASE_URL: 'https://evil.example' }
    const found = findCredentials({ environment: { OPENAI_API_KEY: 'sk-own' }, dotEnv }, openai)
    expect(found).toMatchObject({ apiKey: 'sk-own', baseUrl: 'https://api.openai.com/v1' })
  })

  it('uses the base URL of .env with the key of .env', () => {
    const dotEnv = { OPENAI_API_KEY: 'sk-file', OPENAI_BASE_URL: 'https://gateway.example' }
    const found = findCredentials({ environment: {}, dotEnv }, openai)
    expect(found).toMatchObject({ apiKey: 'sk-file', baseUrl: 'https://gateway.example/v1', keyFrom: '.env' })
  })

  it('prefers the base URL of the environment to the one of .env', () => {
    const dotEnv = { OPENAI_API_KEY: 'sk-file', OPENAI_BASE_URL: 'https://gateway.example' }
    const found = findCredentials({ environment: { OPENAI_BASE_URL: 'http://127.0.0.1:1234' }, dotEnv }, openai)
    expect(found).toMatchObject({ apiKey: 'sk-file', baseUrl: 'http://127.0.0.1:1234/v1', warning: null })
  })

  it('takes a blank variable for an absent one', () => {
    const environment = { OPENAI_API_KEY: ' ', OPENAI_BASE_URL: '' }
    const found = findCredentials({ environment, dotEnv: { OPENAI_API_KEY: 'sk-file' } }, openai)
    expect(found).toMatchObject({ apiKey: 'sk-file', baseUrl: 'https://api.openai.com/v1' })
  })

  it('drops the line break that a key file leaves', () => {
    const found = findCredentials({ environment: { OPENAI_API_KEY: 'sk-own\n' }, dotEnv: {} }, openai)
    expect(found.apiKey).toBe('sk-own')
  })

  it('names the variable to set where there is no key', () => {
    const look = () => findCredentials({ environment: {}, dotEnv: { OPENAI_BASE_URL: 'https://evil.example' } }, openai)
    expect(look).toThrow(LlmBatchError)
    expect(look).toThrow(/OPENAI_API_KEY is not set/)
  })

  it('refuses a key that no header can carry, without showing it', () => {
    const look = () => findCredentials({ environment: { OPENAI_API_KEY: 'sk-secret two' }, dotEnv: {} }, openai)
    expect(look).toThrow(/OPENAI_API_KEY has characters/)
    expect(look).not.toThrow(/secret/)
  })

  it('refuses plain http to another machine unless the environment allows it', () => {
    const environment = { OPENAI_API_KEY: 'sk-own', OPENAI_BASE_URL: 'http://10.0.0.5:8000' }
    expect(() => findCredentials({ environment, dotEnv: { LLM_BATCH_ALLOW_HTTP: '1' } }, openai)).toThrow(/unencrypted/)
    const allowed = { ...environment, LLM_BATCH_ALLOW_HTTP: '1' }
    const found = findCredentials({ environment: allowed, dotEnv: {} }, openai)
    expect(found).toMatchObject({ baseUrl: 'http://10.0.0.5:8000/v1', isHttpAllowed: true })
  })
})
