//! What a person does to an experiment.
use super::live::{Change, ChangeRefused};
use super::messages::{ChangeExperiment, Command};
use super::owner::BanditActor;
use super::receipt::{Answer, Receipt};
use super::spec::ExperimentSpec;
use crate::learning::{self, NotKept};
use crate::runtime::now;
use actix::Context;
use bellwether_domain::experiments::ExperimentEvent;
use bellwether_domain::ports::Append;
use bellwether_domain::types::ArmName;

impl BanditActor {
    /// Checks a change and puts it on its way to the disk.
    pub(super) fn change(
        &mut self,
        ctx: &mut Context<Self>,
        ChangeExperiment { experiment, command, by, .. }: ChangeExperiment,
        answer: Answer<Result<(), ChangeRefused>>,
    ) {
        if let Some(failure) = self.journal.failure() {
            let _ = answer.send(Err(failure.clone()));
            return;
        }
        let Some(live) = self.experiments.get(&experiment) else {
            let _ = answer.send(Ok(Err(ChangeRefused::Unknown)));
            return;
        };
        let change = change_of(&live.spec, command).and_then(|change| live.allows(&change).map(|()| change));
        let document = change.map(|change| serde_json::to_string(&change));
        match document {
            Ok(Ok(document)) => {
                let event = ExperimentEvent { experiment, at: now(), by, document };
                learning::append(self, ctx, Append::Event(event), Receipt::Change(answer));
            }
            Ok(Err(error)) => {
                let _ = answer.send(Err(NotKept(error.to_string())));
            }
            Err(refused) => {
                let _ = answer.send(Ok(Err(refused)));
            }
        }
    }
}

fn change_of(spec: &ExperimentSpec, command: Command) -> Result<Change, ChangeRefused> {
    let arm_of = |name: &ArmName| {
        let found = spec.arms.iter().position(|arm| arm == name);
        found.ok_or_else(|| ChangeRefused::UnknownArm(name.to_string()))
    };
    Ok(match command {
        Command::Pause => Change::Paused,
        Command::Freeze => Change::Frozen,
        Command::Resume => Change::Resumed,
        Command::Retire => Change::Retired,
        Command::Promote { arm, force } => Change::Promoted { arm: arm_of(&arm)?, force },
        Command::Readmit { arm } => Change::Readmitted { arm: arm_of(&arm)? },
    })
}
