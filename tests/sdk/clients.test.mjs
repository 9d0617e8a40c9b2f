// clients.test.mjs: each client in front of each kind of provider
import { features } from './features.mjs';
import { tryClient } from './harness.mjs';
import ai from './clients/ai.mjs';
import anthropic from './clients/anthropic.mjs';
import genai from './clients/genai.mjs';
import openai from './clients/openai.mjs';

for (const client of [openai, anthropic, genai, ...ai]) tryClient(client, features);
