//! Kills of the real binary: whatever moment they hit, nothing is lost, nothing is paid twice, and the report is the same.

use std::process::{Child, ExitStatus, Stdio};
use std::time::Duration;

use crate::asking_support::{OLD_HAIKU, PATIENCE, Site};
use crate::fake::plan::Plan;

const CLASSIFIERS: &str = "all";
const SESSIONS: usize = 36;
const KILLS: usize = 100;

/// Pseudo-random numbers: the same each time.
struct Seeded(u64);

impl Seeded {
    fn below(&mut self, end: u64) -> u64 {
        // Xorshift, which is random enough for moments.
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % end
    }
}

fn start(site: &Site) -> Child {
    site.command(CLASSIFIERS, OLD_HAIKU, &["--concurrency", "3"])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
}

fn ended(child: &mut Child) -> Option<ExitStatus> {
    child.try_wait().unwrap()
}

/// The sessions are so short that nothing of them is cached, because what was cached depends on when it was asked.
#[test]
fn a_hundred_kills_leave_no_trace() {
    let plan = || {
        let mut plan = Plan::new().latency_ms(8);
        plan.faults = plan.faults.seeded_answers(0.05, 9);
        plan
    };
    let calm = Site::new(SESSIONS, plan());
    calm.run_to(0, CLASSIFIERS, OLD_HAIKU, &[]);
    assert_eq!(
        calm.fake
            .ledger()
            .answered_twice_for_no_reason(Duration::ZERO),
        []
    );
    let expected = calm.told(CLASSIFIERS, OLD_HAIKU, &[]);
    let needed = calm.fake.ledger().answered();

    let site = Site::new(SESSIONS, plan());
    let mut random = Seeded(0x5eed);
    let mut kills = 0;
    let mut starts = 0;
    loop {
        let mut child = start(&site);
        starts += 1;
        if kills < KILLS {
            if random.below(5) == 0 {
                // Somewhere between the start and the first answers.
                std::thread::sleep(Duration::from_millis(random.below(200)));
            } else {
                let until =
                    site.fake.ledger().arrived() + 1 + usize::try_from(random.below(5)).unwrap();
                let mut waited = Duration::ZERO;
                let step = Duration::from_millis(50);
                while !site
                    .fake
                    .wait_until(|ledger| until <= ledger.arrived(), step)
                {
                    waited += step;
                    assert!(waited < PATIENCE, "no request came");
                    if ended(&mut child).is_some() {
                        break;
                    }
                }
            }
            if ended(&mut child).is_none() {
                site.fake.mark();
                child.kill().unwrap();
                // A kill takes a moment to arrive.
                child.wait().unwrap();
                site.fake.mark();
                kills += 1;
                continue;
            }
        }
        let status = child.wait().unwrap();
        assert_eq!(status.code(), Some(0));
        break;
    }
    let ledger = site.fake.ledger();
    println!(
        "{kills} kills, {starts} starts; {} requests arrived, {} answers were needed, {} were given",
        ledger.arrived(),
        needed,
        ledger.answered()
    );
    assert_eq!(kills, KILLS, "the run was over too early");
    assert_eq!(site.told(CLASSIFIERS, OLD_HAIKU, &[]), expected);
    assert_eq!(
        ledger.answered_twice_for_no_reason(Duration::from_millis(250)),
        []
    );
}
