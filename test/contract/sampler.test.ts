import { samplerContract } from './sampler-contract.js';

samplerContract({ type: 'auto' }, { exhausts: true, infinite: true });
samplerContract({ type: 'auto', costWeight: 0.5 }, { exhausts: true, infinite: true });
samplerContract({ type: 'tpe' }, { exhausts: true, infinite: true });
samplerContract({ type: 'random' }, { exhausts: true, infinite: true });
samplerContract({ type: 'grid', points: 3 }, { exhausts: true, infinite: false });
samplerContract({ type: 'qmc' }, { exhausts: true, infinite: true });

const optuna = { exhausts: false, infinite: true, relations: false } as const;
samplerContract({ type: 'optuna-tpe' }, optuna);
samplerContract({ type: 'optuna-tpe', group: true }, optuna);
samplerContract({ type: 'optuna-tpe', multivariate: false, profile: '4.9' }, optuna);
samplerContract({ type: 'optuna-random' }, optuna);
samplerContract({ type: 'optuna-qmc' }, { ...optuna, mostParams: 64 });
