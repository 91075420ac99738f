#!/usr/bin/env node
import { main } from './program.js';

// The process ends by itself once nothing is left to do, so that output is never cut off.
process.exitCode = await main(process.argv.slice(2));
