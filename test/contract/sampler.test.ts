import { samplerContract } from './sampler-contract.js';

samplerContract({ type: 'auto' }, { exhausts: true, infinite: true });
samplerContract({ type: 'tpe' }, { exhausts: true, infinite: true });
samplerContract({ type: 'random' }, { exhausts: true, infinite: true });
samplerContract({ type: 'grid', points: 3 }, { exhausts: true, infinite: false });
