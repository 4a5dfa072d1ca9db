//! Changes that are written together: all of them, or none and nobody is told otherwise.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)] // a test may

mod place;

use place::Place;
use rusqlite::Connection;
use std::sync::mpsc::channel;
use std::time::Duration;
use trust_enrol::{Queue, Refusal, State, StateError};

fn raise(on: &Connection, name: &str) {
    on.execute("INSERT INTO raised (name, value) VALUES (?1, 1)", [name]).unwrap();
}

fn names(place: &Place) -> Vec<String> {
    let file = Connection::open(place.file("state.db")).unwrap();
    let mut statement = file.prepare("SELECT name FROM raised ORDER BY name").unwrap();
    statement.query_map([], |row| row.get(0)).unwrap().collect::<Result<_, _>>().unwrap()
}

#[test]
fn a_refusal_keeps_what_was_changed_and_a_failure_undoes_all_that_was_to_be_written_with_it() {
    let place = Place::new("queue");
    let queue = Queue::start(State::create(&place.file("state.db"), 1).unwrap()).unwrap();
    let refused = queue.run(|on| {
        raise(on, "refused");
        Err::<(), _>(Refusal::Challenge)
    });
    assert_eq!(refused.unwrap_err().code(), "challenge");
    assert_eq!(names(&place), ["refused"]);
    // While the first is made, the others wait: they are written together with it.
    let (begun, begins) = channel();
    let (first, second, third) = std::thread::scope(|scope| {
        let first = scope.spawn(|| {
            queue.run(move |on| {
                raise(on, "first");
                begun.send(()).unwrap();
                std::thread::sleep(Duration::from_millis(300));
                Ok(())
            })
        });
        begins.recv().unwrap();
        let second = scope.spawn(|| {
            queue.run(|on| {
                raise(on, "second");
                Err::<(), _>(Refusal::State(StateError::Ended))
            })
        });
        std::thread::sleep(Duration::from_millis(100));
        let third = scope.spawn(|| {
            queue.run(|on| {
                raise(on, "third");
                Ok(())
            })
        });
        (first.join().unwrap(), second.join().unwrap(), third.join().unwrap())
    });
    assert!(matches!(first, Err(Refusal::State(StateError::RolledBack(_)))), "{first:?}");
    assert!(matches!(second, Err(Refusal::State(StateError::Ended))), "{second:?}");
    third.unwrap();
    assert_eq!(names(&place), ["refused", "third"]);
}

/// Each is answered for itself, whoever it is written with.
#[test]
fn of_many_at_once_each_is_written_and_answered() {
    let place = Place::new("queue");
    let queue = Queue::start(State::create(&place.file("state.db"), 1).unwrap()).unwrap();
    std::thread::scope(|scope| {
        for number in 0..200 {
            let queue = &queue;
            scope.spawn(move || {
                let answer = queue.run(move |on| {
                    raise(on, &format!("{number:03}"));
                    Ok(number)
                });
                assert_eq!(answer.unwrap(), number);
            });
        }
    });
    assert_eq!(names(&place).len(), 200);
}
